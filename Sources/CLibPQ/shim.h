#ifndef LEFTFOLD_CLIBPQ_SHIM_H
#define LEFTFOLD_CLIBPQ_SHIM_H

#include <libpq-fe.h>

#endif
