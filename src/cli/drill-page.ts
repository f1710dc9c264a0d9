import { spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import process from 'node:process'
import { approvalsClientId, registerApprovalsClient } from '#/drill/autentico/approvals-client.ts'
import { cast } from '#/drill/cast.ts'
import { PortTaken } from '#/drill/loopback.ts'
import type { Glass } from '#/drill/page/glass-view.ts'
import { type Page, startPage } from '#/drill/page/page-server.ts'
import type { LocalSlack } from '#/drill/slack/local-slack.ts'
import { type Stage, type StageOptions, setStage } from '#/drill/stage.ts'
import { startGlass } from './drill-glass.ts'
import { knownToReviews } from './drill-plots.ts'

export type DrillPageOptions = {
  /** The port that was asked for; without one, 4600 or the next that is free. */
  readonly port: number | undefined
  /** Whether a browser may be opened. */
  readonly browser: boolean
  /** Whether approvals count only after a sign-in to the local Autentico. */
  readonly stepUp: boolean
}

const usualPort = 4600
const triedPorts = 20

const print = (line = ''): void => void process.stdout.write(`${line}\n`)

/**
 * Sets the stage, starts the program, and shows both on a page until this process is asked to end; then everything is taken down again,
 * the page first. 0: ended as asked. 1: it could not begin.
 */
export async function openDrill({ port, browser, stepUp }: DrillPageOptions): Promise<0 | 1> {
  const stop = askedToStop()
  const dataDir = process.env['DATA_DIR']
  if (dataDir !== undefined) mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  print(
    'Autentico Responder, drill. Setting the stage: a private Redis, a local Slack, a local Autentico, and the bot …',
  )
  try {
    await using stage = await setStage({
      ...pageStage,
      ...(stepUp ? { policy: `${pageStage.policy}default: { stepUp: true }\n` } : {}),
      env: {
        ...pageStage.env,
        ...(stepUp ? { STEP_UP: 'autentico', STEP_UP_CLIENT_ID: approvalsClientId } : {}),
        ...(dataDir === undefined ? {} : { DATA_DIR: dataDir }),
      },
    })
    sweepAtExit(stage.dir)
    if (stepUp) await registerApprovalsClient(stage.autentico)
    await using glass = await startGlass(stage)
    await using page = await showPage({ slack: stage.slack, glass: glass.glass, port })
    if (!stop.isAsked()) {
      for (const line of [...welcome(page.url), ...(stepUp ? signInsOf(stage) : [])]) print(line)
      if (browser) openBrowser(page.url)
    }
    await stop.asked
    print('\nStopping …')
  } catch (error) {
    // Ctrl-C in a terminal reaches the bot as well, and one that was still starting says so.
    if (stop.isAsked()) return 0
    process.stderr.write(`The drill cannot begin: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
  return 0
}

/** A stage on which every playbook can be lived through, one after the other. */
export const pageStage = {
  front: true,
  // Whoever lets mallory try again and again shall see doors, not a lock-out.
  autentico: { settings: { account_lockout_max_attempts: '20' } },
  env: knownToReviews,
  // What happens in half an hour elsewhere is to be seen here.
  policy: 'schema: 1\nhold: { allowed: true, by: [responders], length: 60s }\n',
} as const satisfies StageOptions

function welcome(url: string): readonly string[] {
  return [
    '',
    `  ${url}`,
    '',
    'Everything on that page runs on this machine; nothing is asked of any other.',
    'An incident needs two people: open a second window and act as somebody else in it.',
    'Ctrl-C stops the drill and leaves nothing behind.',
    '',
  ]
}

/** People who approve are sent to the local Autentico, and have to know their passwords there. */
function signInsOf({ autentico }: Stage): readonly string[] {
  const people = [cast.ana, cast.bao, cast.chi].flatMap(({ handle }) => {
    const password = autentico.accounts[handle]?.password
    return password === undefined ? [] : [`  ${handle.padEnd(5)} ${password}`]
  })
  return ['Approvals count only after a sign-in to the local Autentico. The passwords there:', ...people, '']
}

/** Resolves at the first signal. Another Ctrl-C ends the process at once; the program and Redis go with it. */
function askedToStop(): { readonly asked: Promise<void>; readonly isAsked: () => boolean } {
  const asked = Promise.withResolvers<void>()
  let isAsked = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (isAsked && signal === 'SIGINT') process.exit(130)
      isAsked = true
      asked.resolve()
    })
  }
  // A terminal that is gone takes no more lines, which is no reason to leave things behind.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  return { asked: asked.promise, isAsked: () => isAsked }
}

/** Removes the stage's folder even when the process ends in a hurry. */
function sweepAtExit(dir: string): void {
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
}

async function showPage({
  slack,
  glass,
  port,
}: {
  readonly slack: LocalSlack
  readonly glass: Glass
  readonly port: number | undefined
}): Promise<Page> {
  if (port !== undefined) return startPage({ slack, glass, port })
  for (let tried = usualPort; tried < usualPort + triedPorts; tried += 1) {
    try {
      return await startPage({ slack, glass, port: tried })
    } catch (error) {
      if (!(error instanceof PortTaken)) throw error
    }
  }
  return startPage({ slack, glass })
}

/** Opens the page in the browser of somebody who sits at this machine. The address was printed, so that it does not matter if it fails. */
function openBrowser(url: string): void {
  const { DISPLAY = '', WAYLAND_DISPLAY = '' } = process.env
  const seated = process.platform === 'darwin' || (process.platform === 'linux' && DISPLAY + WAYLAND_DISPLAY !== '')
  if (!seated || !process.stdout.isTTY) return
  const opener = spawn(process.platform === 'darwin' ? 'open' : 'xdg-open', [url], { detached: true, stdio: 'ignore' })
  opener.on('error', () => undefined)
  opener.unref()
}
