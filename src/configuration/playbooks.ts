import { readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { type ParsedPlaybook, parsePlaybook } from '#/playbook/parse.ts'
import type { Playbook } from '#/playbook/playbook.ts'
import { type Path, type Problem, problemLine } from '#/playbook/yaml-file.ts'
import { codeOf, readTextFile } from './read-text-file.ts'

/** Every problem with the playbook files, a line each. The file is named by its name alone, as it stands in its folder. */
export class PlaybooksFaulty extends Error {
  override readonly name = 'PlaybooksFaulty'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`PLAYBOOKS_DIR has problems:\n${problems.map((line) => `  ${line}`).join('\n')}`)
    this.problems = problems
  }
}

export type PlaybookOnDisk = { readonly file: string; readonly playbook: Playbook }

/** Slack offers this many in one list. */
const mostPlaybooks = 100

/** Those that come with the program, in the order in which the form offers them: that of the document. */
const builtInIds = [
  'account-compromise',
  'admin-token-exposed',
  'private-key-exposed',
  'database-breach',
  'denial-of-service',
  'admin-account-compromise',
] as const

export type BuiltInId = (typeof builtInIds)[number]

/** The built-in playbook of that id. */
export function builtIn(id: BuiltInId): Playbook {
  const file = fileOf(id)
  const read = readPlaybook(file, { name: file })
  if (read.kind === 'faulty')
    throw new Error(`a built-in playbook is faulty: ${read.problems.map(problemLine).join(' ')}`)
  return read.playbook
}

function fileOf(id: BuiltInId): string {
  return join(import.meta.dirname, '..', 'playbook', 'built-in', `${id}.yml`)
}

/** The built-in playbooks, followed by those of the folder. Throws {@link PlaybooksFaulty} with every problem at once. */
export function loadPlaybooks(from: { readonly directory?: string | undefined }): readonly Playbook[] {
  return loadPlaybookFiles(from).map(({ playbook }) => playbook)
}

/** {@link loadPlaybooks}, each with the file that it stands in. */
export function loadPlaybookFiles({
  directory,
}: {
  readonly directory?: string | undefined
}): readonly PlaybookOnDisk[] {
  const shipped = builtInIds.map((id) => ({ file: fileOf(id), playbook: builtIn(id) }))
  if (directory === undefined) return shipped
  const names = namesIn(directory)
  if (shipped.length + names.length > mostPlaybooks)
    throw new PlaybooksFaulty([
      `the folder holds ${names.length} playbooks; Slack can offer ${mostPlaybooks - shipped.length} beside those that come with the program`,
    ])
  const own = names.map((name) => {
    const file = join(directory, name)
    return { file, name, read: readPlaybook(file, { name, within: directory }) }
  })
  const problems = problemsOf(own)
  if (problems.length > 0) throw new PlaybooksFaulty(problems.map(problemLine))
  return [...shipped, ...soundOf(own)]
}

/** Every problem of these files, by themselves and beside each other and the built-in ones; and the playbooks that could be read. */
export function checkPlaybookFiles(files: readonly string[]): {
  readonly playbooks: readonly PlaybookOnDisk[]
  readonly problems: readonly Problem[]
} {
  const all = files.map((file) => ({ file, name: file, read: readPlaybook(file, { name: file }) }))
  return {
    playbooks: soundOf(all).map(({ file, playbook }) => ({ file, playbook })),
    problems: problemsOf(all),
  }
}

/** A file of a folder is a playbook by its name. What begins with a dot is an editor's, or a container's. */
function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^[^.].*\.ya?ml$/.test(name))
      .toSorted()
  } catch (error) {
    throw new PlaybooksFaulty([`the folder cannot be read (${codeOf(error)})`])
  }
}

type Read = { readonly file: string; readonly name: string; readonly read: ParsedPlaybook }

function soundOf(all: readonly Read[]): readonly (PlaybookOnDisk & {
  readonly name: string
  readonly problemAt: (path: Path, what: string) => Problem
})[] {
  return all.flatMap(({ file, name, read }) => (read.kind === 'playbook' ? [{ ...read, file, name }] : []))
}

function problemsOf(all: readonly Read[]): readonly Problem[] {
  const sound = soundOf(all)
  const ids = new Set<string>([...builtInIds, ...sound.map(({ playbook }) => playbook.id)])
  return [
    ...all.flatMap(({ read }) => (read.kind === 'faulty' ? read.problems : [])),
    ...sound.flatMap(({ file, playbook: { id, followUps = [] }, problemAt }, at) => {
      const twin = sound.slice(0, at).find(({ playbook }) => playbook.id === id)
      const shipped = builtInIds.find((other) => other === id)
      return [
        ...(shipped !== undefined && !isSameFile(file, fileOf(shipped))
          ? [problemAt(['id'], `is “${id}”, which comes with the program: name it otherwise`)]
          : []),
        ...(twin === undefined ? [] : [problemAt(['id'], `is “${id}”, as in ${twin.name}: name it otherwise`)]),
        // A playbook that could not be read may be the one that is meant.
        ...followUps.flatMap((other, which) =>
          ids.has(other) || sound.length < all.length
            ? []
            : [problemAt(['followUps', which], `is “${other}”, and there is no playbook of that id`)],
        ),
      ]
    }),
  ]
}

function isSameFile(one: string, other: string): boolean {
  return realpathSync(one) === realpathSync(other)
}

/** `name`: what its problems call it. `within`: where it has to lie when links are followed. */
function readPlaybook(
  file: string,
  { name, within }: { readonly name: string; readonly within?: string },
): ParsedPlaybook {
  const read = readTextFile(file, within === undefined ? {} : { within })
  return read.kind === 'text'
    ? parsePlaybook({ file: name, text: read.text })
    : { kind: 'faulty', problems: [{ file: name, line: 1, column: 1, what: read.what }] }
}
