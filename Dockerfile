# syntax=docker/dockerfile:1
# Mailroom: one image, all roles. The final stage holds compiled JavaScript and production packages, runs as user 1000, and writes only to
# /data (blobs) and /tmp: start it with a read-only root file system. Its steps are replayed by test/integration/harness/image.test.ts.

# Debian 13 (trixie) is in support until 2028, 12 with long-term support only. The digest is the one that several public projects pin for this tag
# (no image registry was in reach to ask). The tag is rebuilt with Debian's updates: `docker buildx imagetools inspect node:24.21.0-trixie-slim` names
# the newest, --build-arg NODE_DIGEST=@sha256:… builds on it, and NODE_DIGEST= on the tag alone.
ARG NODE_DIGEST=@sha256:8ec5d7557396cfe32d21c3f9c13072355ceab22b584578ca4bb28af31120cffe
FROM node:24.21.0-trixie-slim${NODE_DIGEST} AS build
# What mailroom_build_info and the label show; the context has no history: --build-arg COMMIT=$(git rev-parse --short=12 HEAD)
ARG COMMIT=
ENV BUILD_COMMIT=${COMMIT}
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.mjs ./scripts/build.mjs
COPY src ./src
RUN npm run build

FROM node:24.21.0-trixie-slim${NODE_DIGEST} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
# The packages that are shipped, from the lock file, in CycloneDX.
RUN npm sbom --omit=dev --sbom-format=cyclonedx --package-lock-only > sbom.cdx.json

FROM node:24.21.0-trixie-slim${NODE_DIGEST}
ARG COMMIT=
ARG VERSION=0.1.0
LABEL org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.base.name="docker.io/library/node:24.21.0-trixie-slim" \
      org.opencontainers.image.title="Mailroom" \
      org.opencontainers.image.description="Shared-mailbox gateway of a contact center: IMAP in, BullMQ between, SMTP out"
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=2 \
    MAILROOM_CONFIG_DIR=/etc/mailroom \
    MAILROOM_BLOBS_FOLDER=/data/blobs \
    MAILROOM_HTTP_HOST=0.0.0.0 \
    MAILROOM_HTTP_PORT=8080
RUN install -d -o node -g node -m 0750 /data /data/blobs && install -d /etc/mailroom
WORKDIR /app
COPY package.json ./
COPY --from=packages /app/node_modules ./node_modules
COPY --from=packages /app/sbom.cdx.json ./sbom.cdx.json
COPY --from=build /app/dist ./dist
USER 1000:1000
VOLUME /data
EXPOSE 8080
# Every role answers /healthz. Mailroom handles SIGTERM itself and starts no children; an init (`docker run --init`) lets its watchdog end a process
# that is stuck in a system call, which the kernel does not allow for process 1.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.MAILROOM_HTTP_PORT ?? 8080) + '/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
# Memory (docs/performance.md): a small young generation in each thread, a first full collection before the old one has grown to 100 MB, and two
# heaps of malloc for all threads.
# Source maps lie beside the code and cost 6 MB when read: for a while, NODE_OPTIONS=--enable-source-maps.
ENTRYPOINT ["node", "--max-semi-space-size=4", "--initial-old-space-size=48", "/app/dist/main.js"]
CMD ["serve"]
