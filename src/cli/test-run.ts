import { runCommandLine } from './command-line.ts'

export type Ran = { readonly code: number; readonly out: string; readonly err: string }

/** Runs a command. Questions are answered with what is `typed`, one after the other; without any, nobody is there to be asked. */
export async function run(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  typed?: readonly (string | undefined)[],
): Promise<Ran> {
  const said = { out: '', err: '' }
  const answers = [...(typed ?? [])]
  const code = await runCommandLine({
    args,
    env,
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    stopped: async () => undefined,
    stop: () => undefined,
    onUncaught: () => undefined,
    ...(typed === undefined
      ? {}
      : {
          ask: async (question: string) => {
            said.err += question
            return answers.shift()
          },
        }),
  })
  return { code, ...said }
}
