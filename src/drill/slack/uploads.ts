import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Answer, answerUnlessSpoilt } from './answering.ts'
import type { Faults } from './faults.ts'
import type { ApiCall } from './web-api.ts'
import type { Workspace } from './workspace.ts'

/** The name of an upload among the methods: for faults, and among the calls. */
const method = 'upload'

/** Takes the bytes of a file at the address that `files.getUploadURLExternal` gave. Slack answers 200 and nothing else when it has them. */
export function answerUpload(
  {
    workspace,
    faults,
    log,
  }: { readonly workspace: Workspace; readonly faults: Faults; readonly log: (call: ApiCall) => void },
  request: { readonly incoming: IncomingMessage; readonly path: string; readonly body: Buffer },
  response: ServerResponse,
): void {
  const { incoming, path, body } = request
  const file = path.slice('/upload/'.length)
  const told = (error: string | undefined) =>
    log({ at: workspace.clock.now(), method, args: { file, bytes: body.length }, ok: error === undefined, error })
  answerUnlessSpoilt(
    faults.take(method),
    { incoming, response },
    {
      spoilt: (how) => told(`made to fail: ${how}`),
      act: () => {
        const answer = incoming.method === 'POST' ? receive(workspace, file, body) : said(405, 'POST the bytes')
        told(answer.status === 200 ? undefined : answer.body)
        return answer
      },
    },
  )
}

function receive(workspace: Workspace, id: string, body: Buffer): Answer {
  const file = workspace.files.get(id)
  if (file === undefined || file.complete) return said(404, 'no such upload')
  if (body.length !== file.size) return said(400, `expected ${file.size} bytes and got ${body.length}`)
  workspace.files.set(id, { ...file, bytes: body })
  return said(200, `OK - ${body.length}`)
}

function said(status: number, body: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body }
}
