import type { JsonObject } from '../json.ts'
import { isObject, text } from '../json.ts'
import { SlackRefusal } from '../refusal.ts'
import { app } from '../workspace.ts'
import type { Method } from './call.ts'
import { channelOf } from './call.ts'

/** The first of the three calls of an upload: where to send the bytes. */
export const getUploadUrl: Method = (call) => {
  call.needs('files:write')
  const name = call.args.required('filename', 'missing_argument')
  const size = Number(call.args.required('length', 'missing_argument'))
  if (!Number.isInteger(size) || size <= 0) throw new SlackRefusal('invalid_arguments')
  const id = call.workspace.clock.id('F')
  call.workspace.files.set(id, { name, size, bytes: undefined })
  return { upload_url: `${call.url}/upload/${id}`, file_id: id }
}

/** The last call of an upload: shares the files in a channel or a thread, as one message. */
export const completeUpload: Method = (call) => {
  call.needs('files:write')
  const wanted = call.args.objects('files', 'invalid_arguments') ?? []
  const files = wanted.map((file): JsonObject => {
    const id = text(file['id'])
    const stored = call.workspace.files.get(id)
    if (stored?.bytes === undefined) throw new SlackRefusal('file_not_found')
    const address = `${call.url}/files/${id}`
    return { id, name: stored.name, title: text(file['title']) || stored.name, size: stored.size, url_private: address }
  })
  if (files.length === 0 || !wanted.every(isObject)) throw new SlackRefusal('invalid_arguments')
  if (!call.args.has('channel_id')) return { files }

  const channel = channelOf({ ...call, args: call.args.renamed('channel_id', 'channel') }, { member: true })
  const thread = call.args.text('thread_ts') || undefined
  if (thread !== undefined && call.workspace.message(channel.id, thread) === undefined) {
    throw new SlackRefusal('thread_not_found')
  }
  const comment = call.args.text('initial_comment')
  call.workspace.post(channel.id, { user: app.user, byApp: true, text: comment, thread, files })
  return { files }
}
