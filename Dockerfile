# One image for every process of Headway; docker-compose.yml says which one a container runs.
# Debian, not Alpine: the native part of the Temporal SDK needs glibc.

FROM node:24.20.0-bookworm-slim@sha256:ba849c60be29959425b8734d57b8b4b7d56f98edd9504c9af091d5281095a71e AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --no-audit --no-fund && mkdir /payloads

FROM node:24.20.0-bookworm-slim@sha256:ba849c60be29959425b8734d57b8b4b7d56f98edd9504c9af091d5281095a71e
# kafkajs computes a timeout in the past now and then, harmlessly; Node.js 24 says so in plain text between the log lines.
ENV NODE_ENV=production NODE_OPTIONS=--disable-warning=TimeoutNegativeWarning
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY stack/postgres stack/postgres
COPY deploy/llm/open-simulator.cjs deploy/llm/open-simulator.cjs
COPY LICENSE ./
# Empty: a new volume takes the owner of the folder it is mounted over.
COPY --from=build --chown=node:node /payloads /payloads
USER node
CMD ["node", "dist/workers/main.js"]
