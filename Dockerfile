# The `users` program on a small Debian. The server is the default; every subcommand works: docker run IMAGE doctor
FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpq-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build

# Dependencies first: they change less often than the sources.
COPY Package.* ./
RUN swift package resolve

COPY . .
RUN swift build -c release --product users --static-swift-stdlib \
    && mkdir /out \
    && cp "$(swift build -c release --product users --static-swift-stdlib --show-bin-path)/users" /out/users


FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libpq5 tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 users-service \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin users-service \
    && for folder in postgres database tokens; do install -d -o 10001 -g 10001 -m 0700 "/run/secrets/leftfold/$folder"; done
COPY --from=build /out/users /usr/local/bin/users

USER 10001:10001
# Inside a container, loopback reaches nobody.
ENV HOST=0.0.0.0 PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["users", "doctor", "--check", "http"]
ENTRYPOINT ["users"]
CMD ["serve"]
