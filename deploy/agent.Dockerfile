# The agent as an image, for machines where everything runs in containers. From the root of the checkout:
#
#   docker build --tag serverkit-agent --file deploy/agent.Dockerfile .
#
# An agent that install.sh brings sees more of its machine; docs/deploy.md says what this one needs to see any. The first
# stages are those of deploy/Dockerfile, so that whoever builds both builds them once.
ARG BUILD_IMAGE=node:24.21.0-trixie-slim
ARG BASE_IMAGE=debian:13-slim

FROM ${BUILD_IMAGE} AS manifests
WORKDIR /checkout
COPY . .
RUN mkdir /manifests \
  && find . \( -name package.json -o -name package-lock.json -o -name .npmrc \) -exec cp --parents '{}' /manifests ';'

FROM ${BUILD_IMAGE} AS build
WORKDIR /opt/serverkit
COPY --from=manifests /manifests .
RUN npm ci --ignore-scripts
COPY . .
RUN node scripts/setup.mjs

FROM build AS product
RUN install -D node_modules/.bin/node /product/runtime/node \
  && cp LICENSE /product/ \
  && cp node_modules/node-linux-*/LICENSE /product/runtime/ \
  && cp -r agent/dist /product/agent \
  && find /product -name '*.map' -delete

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="ServerKit agent" \
  org.opencontainers.image.description="Connects a server to its ServerKit control plane" \
  org.opencontainers.image.licenses="Apache-2.0"

# What it is and may do, and its state: in volumes that are its own.
RUN echo 'serverkit-agent:x:10002:10002:ServerKit agent:/var/lib/serverkit-agent:/usr/sbin/nologin' >>/etc/passwd \
  && echo 'serverkit-agent:x:10002:' >>/etc/group \
  && install -d -m 0700 -o 10002 -g 10002 /etc/serverkit-agent /var/lib/serverkit-agent \
  && printf '%s\n' '#!/bin/sh' 'exec /opt/serverkit-agent/runtime/node /opt/serverkit-agent/agent/serverkit-agent.cjs "$@"' \
    >/usr/local/bin/serverkit-agent \
  && chmod 0755 /usr/local/bin/serverkit-agent
COPY --from=product /product /opt/serverkit-agent

# As in the service that install.sh makes.
ENV NODE_USE_SYSTEM_CA=1 \
  MALLOC_ARENA_MAX=1 \
  MALLOC_MMAP_THRESHOLD_=131072 \
  MALLOC_TRIM_THRESHOLD_=65536 \
  MALLOC_TOP_PAD_=16384
USER 10002:10002
VOLUME /etc/serverkit-agent /var/lib/serverkit-agent
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=10s --start-period=10s CMD ["serverkit-agent", "status"]
ENTRYPOINT ["serverkit-agent"]
CMD ["start"]
