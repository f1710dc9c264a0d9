# One image for both roles: `start --role bot` and `start --role worker`. No build step: Node strips the types.
FROM node:24-slim

# jemalloc gives back what was freed, glibc's malloc keeps most of it; and V8 looks for garbage sooner (docs/performance.md).
RUN apt-get update && apt-get install -y --no-install-recommends libjemalloc2 && rm -rf /var/lib/apt/lists/*

ENV NODE_ENV=production DATA_DIR=/data LD_PRELOAD=libjemalloc.so.2 \
    MALLOC_CONF=narenas:2,background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0 \
    NODE_OPTIONS=--max-semi-space-size=8
WORKDIR /app

COPY package.json package-lock.json .npmrc ./
# Not `npm ci`: see setup/packages.mjs. The versions and digests are those of package-lock.json all the same.
RUN npm install --omit=dev --no-save --ignore-scripts && npm cache clean --force

COPY LICENSE manifest.yml ./
COPY src ./src

# What Node has compiled is kept, and halves the time of a start. It is made once, here, by the user that will run it (Node keeps one for
# each), and then belongs to root: nobody who gets into the program can change what it runs next time.
ENV NODE_COMPILE_CACHE=/app/.compile-cache
RUN mkdir .compile-cache && chown node:node .compile-cache
USER node
RUN node --input-type=module --eval "await Promise.all(['app.ts', 'cli/command-line.ts'].map((file) => import('/app/src/' + file)))"
USER root
RUN chown -R root:node .compile-cache && chmod -R u=rwX,g=rX,o= .compile-cache

# The ledger, the evidence, the keys and the worker's journal. Everything else in the image may be read-only.
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node

# In exec form, so that SIGTERM reaches the program and it closes the ledger in order.
ENTRYPOINT ["node", "src/main.ts"]
CMD ["start"]
