import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Writable } from 'node:stream'

/**
 * Starts a program in a session of its own, because Ctrl-C in a terminal must not end it before its users. It ends when this process ends
 * in any way, kill -9 included, and the folder `own` is removed then, if one is named. What it says comes in `stdout` and `stderr`.
 */
export function spawnWatched(command: readonly string[], own = ''): ChildProcess {
  const child = spawn('/bin/sh', ['-c', watched, 'sh', own, ...command], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
  })
  child.once('exit', () => pipeOf(child).end('ended\n'))
  pipeOf(child).on('error', () => undefined) // The watcher may be gone already; then there is nobody to tell.
  return child
}

/** Ends it and waits for that; one that has ended already is left alone. */
export async function endWatched(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  // One that is frozen takes no other signal before it goes on.
  child.kill('SIGCONT')
  await exited
}

/** A port nobody uses now. Another program may take it before the one that it is for; then that one says so and does not start. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return address.port
}

/**
 * The watcher waits on a pipe that only we hold open. When we end in any way the pipe closes, and it ends the program (whose
 * process id is the shell's, because of `exec`) and removes the folder in $1. A line in the pipe means: ended in order.
 */
const watched = `
own=$1; shift
{ read -r word || {
    kill -TERM $$; tries=0
    while kill -0 $$ && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
    [ -z "$own" ] || rm -rf -- "$own"
  } } <&3 >/dev/null 2>&1 &
exec "$@" 3<&-`

function pipeOf(child: ChildProcess): Writable {
  return child.stdio[3] as Writable
}
