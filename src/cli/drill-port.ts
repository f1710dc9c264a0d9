import { listenOnLoopback, PortTaken, stopListening } from '#/drill/loopback.ts'

/** Why a port cannot be listened on now, and what to do; undefined when it can. */
export async function whyNotPort(port: number): Promise<string | undefined> {
  try {
    await stopListening((await listenOnLoopback(port)).server)
    return undefined
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return `Port ${port} cannot be used: ${error instanceof PortTaken ? 'another program uses it' : why}. Name another one with --port, or leave it out and a free one is taken.`
  }
}
