import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { expect } from 'vitest'
import { parseEnvFile } from '#/drill/autentico/env-file.ts'
import type { Program } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { dataDirOf } from './incident-flow.ts'

/** The values of Autentico's environment file as it is now. */
export function environmentOf({ autentico }: Stage): ReadonlyMap<string, string> {
  return parseEnvFile(readFileSync(autentico.environmentFile, 'utf8'))
}

/** Expects that none of these words lies anywhere the program has been: Redis, its folder, its log, and all that Slack was sent. */
export async function expectNowhere(stage: Stage, program: Program, secrets: readonly string[]): Promise<void> {
  const left = { ...(await leftBehind(stage, program)), calls: Buffer.from(JSON.stringify(stage.slack.calls())) }
  for (const secret of secrets) {
    // A word that short is in everything.
    expect(secret.length).toBeGreaterThan(8)
    const holding = Object.entries(left).filter(([, bytes]) => bytes.includes(secret))
    expect(
      holding.map(([where]) => where),
      `${secret.slice(0, 4)}…`,
    ).toEqual([])
  }
}

/** All that the program has left, by the place where it lies; what Slack holds is what people can still see there. */
export async function leftBehind(stage: Stage, { lines }: Program): Promise<Readonly<Record<string, Buffer>>> {
  const left = {
    redis: await everythingInRedis(stage.redis.url),
    files: everyFileIn(dataDirOf(stage)),
    log: Buffer.from(lines.join('\n')),
    slack: Buffer.from(JSON.stringify(stage.slack.state())),
  }
  // Nothing is found in a place that was not read.
  for (const bytes of Object.values(left)) expect(bytes.length).toBeGreaterThan(1000)
  return left
}

/** Every key and every value that Redis holds, whatever its type, one after the other. */
async function everythingInRedis(url: string): Promise<Buffer> {
  const redis = new Redis(url)
  try {
    const keys = await redis.keys('*')
    const values = await Promise.all(keys.map(async (key) => Buffer.from(`${key}\n${await valueOf(redis, key)}\n`)))
    return Buffer.concat(values)
  } finally {
    redis.disconnect()
  }
}

async function valueOf(redis: Redis, key: string): Promise<string> {
  switch (await redis.type(key)) {
    case 'string':
      return (await redis.get(key)) ?? ''
    case 'hash':
      return JSON.stringify(await redis.hgetall(key))
    case 'list':
      return JSON.stringify(await redis.lrange(key, 0, -1))
    case 'set':
      return JSON.stringify(await redis.smembers(key))
    case 'zset':
      return JSON.stringify(await redis.zrange(key, 0, -1, 'WITHSCORES'))
    default:
      return JSON.stringify(await redis.xrange(key, '-', '+'))
  }
}

function everyFileIn(dir: string): Buffer {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Buffer.concat(files.map((file) => readFileSync(join(file.parentPath, file.name))))
}
