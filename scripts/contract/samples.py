"""Runs every curl sample of a contract in a shell, as its readers would. Needs URL and TOKEN.

Each must be answered with success, or with what the domain says to a second one: not found, or a conflict.
"""
import json
import subprocess
import sys

operations = [
    operation
    for path in json.load(open(sys.argv[1]))["paths"].values()
    for operation in path.values()
]
# What creates comes first.
operations.sort(key=lambda operation: ("201" not in operation["responses"], operation["operationId"]))
failed = 0
for operation in operations:
    for sample in operation.get("x-codeSamples", []):
        command = sample["source"] + " -o /dev/null -w '%{http_code}'"
        status = subprocess.run(["bash", "-c", command], capture_output=True, text=True).stdout
        if status not in ("200", "201", "404", "409"):
            print(f"check-contract: {status}: {sample['source']}", file=sys.stderr)
            failed += 1
print(f"{len(operations)} operations, {failed} samples failed")
sys.exit(failed > 0)
