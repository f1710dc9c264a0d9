import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Roster } from '#/slack/roster.ts'
import { listenAtTerminal, SocketUnusable, socketName } from '#/terminal/listen.ts'
import { createTerminalDoor, type TerminalDoorDeps } from './terminal-door.ts'

/**
 * Opens the bot's socket for people at a terminal, beside the ledger whose lock the caller holds. Where it cannot be opened the log says
 * why, and the bot goes on without it.
 */
export async function startTerminal({
  dataDir,
  roster,
  log,
  ...deps
}: Omit<TerminalDoorDeps, 'askSlack'> & {
  readonly dataDir: string
  readonly roster: Roster
  readonly log: Logger
}): Promise<AsyncDisposable | undefined> {
  const door = createTerminalDoor({
    ...deps,
    askSlack: async (user) => ({ standing: await roster.standing(user), outside: await roster.outside(user) }),
  })
  try {
    return await listenAtTerminal({
      file: join(dataDir, socketName),
      door,
      onBug: (error) => log.error({ err: error }, 'a command from a terminal met a bug'),
    })
  } catch (error) {
    if (!(error instanceof SocketUnusable)) throw error
    log.error({ why: error.message }, 'nobody can act from a terminal while this bot runs')
    return undefined
  }
}
