import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { z } from 'zod'
import { until } from '#/drill/crew.ts'

/** What waits behind others on a busy machine may take a while. */
const patienceMs = 120_000

const file = join(tmpdir(), `responder-weight-${process.pid}`)

/** What a program has to be started with so that it can be weighed. */
export const weighable: Readonly<Record<string, string>> = {
  NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import=${join(import.meta.dirname, 'weigh.ts')}`,
  WEIGHT_FILE: file,
}

const weight = z.object({ rss: z.number() })

/** What the process of this id holds in memory, MiB, after it has collected its garbage. It goes on with its work meanwhile. */
export async function weigh(pid: number | undefined): Promise<number> {
  if (pid === undefined) throw new Error('the program does not run')
  const own = `${file}.${pid}`
  rmSync(own, { force: true })
  process.kill(pid, 'SIGUSR2')
  const text = await until(() => readIfThere(own), 'a program to be weighed', patienceMs)
  rmSync(own)
  return weight.parse(JSON.parse(text)).rss / 2 ** 20
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
