# One image for both roles: `start --role bot` and `start --role worker`. No build step: Node strips the types.
FROM node:24-slim

# Without the last, glibc keeps a heap for each of Node's threads (docs/performance.md).
ENV NODE_ENV=production DATA_DIR=/data MALLOC_ARENA_MAX=2
WORKDIR /app

COPY package.json package-lock.json .npmrc ./
# Not `npm ci`: see setup/packages.mjs. The versions and digests are those of package-lock.json all the same.
RUN npm install --omit=dev --no-save --ignore-scripts && npm cache clean --force

COPY LICENSE manifest.yml ./
COPY src ./src

# The ledger, the evidence, the keys and the worker's journal. Everything else in the image may be read-only.
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node

# In exec form, so that SIGTERM reaches the program and it closes the ledger in order.
ENTRYPOINT ["node", "src/main.ts"]
CMD ["start"]
