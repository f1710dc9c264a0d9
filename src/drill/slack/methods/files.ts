import type { JsonObject } from '../json.ts'
import { text } from '../json.ts'
import { SlackRefusal } from '../refusal.ts'
import { fileJson, type StoredFile } from '../stored-files.ts'
import { app, type Workspace } from '../workspace.ts'
import type { Method } from './call.ts'
import { channelOf } from './call.ts'

/** The first of the three calls of an upload: where to send the bytes. */
export const getUploadUrl: Method = (call) => {
  call.needs('files:write')
  const name = call.args.required('filename', 'missing_argument')
  const size = Number(call.args.required('length', 'missing_argument'))
  if (!Number.isInteger(size) || size <= 0) throw new SlackRefusal('invalid_arguments')
  const { clock, files } = call.workspace
  const id = clock.id('F')
  const created = clock.seconds()
  files.set(id, {
    id,
    name,
    title: name,
    user: app.user,
    size,
    created,
    bytes: undefined,
    complete: false,
    channels: [],
  })
  return { upload_url: `${call.url}/upload/${id}`, file_id: id }
}

/** The last call of an upload: shares the files in a channel or a thread, as one message. It can be made once. */
export const completeUpload: Method = (call) => {
  call.needs('files:write')
  const { workspace } = call
  const wanted = call.args.objects('files', 'invalid_arguments') ?? []
  if (wanted.length === 0) throw new SlackRefusal('invalid_arguments')
  const files = wanted.map((file) => uploaded(workspace, file))
  // Where they go, and whether they may, is looked at before anything is completed.
  const channel = call.args.has('channel_id')
    ? channelOf({ ...call, args: call.args.renamed('channel_id', 'channel') }, { member: true })
    : undefined
  if (channel?.archived === true) throw new SlackRefusal('is_archived')
  const thread = call.args.text('thread_ts') || undefined
  if (channel !== undefined && thread !== undefined && workspace.message(channel.id, thread) === undefined)
    throw new SlackRefusal('thread_not_found')

  for (const file of files) workspace.files.set(file.id, { ...file, complete: true })
  if (channel !== undefined) {
    const comment = call.args.text('initial_comment')
    call.shares.share(() => {
      for (const file of files) workspace.files.set(file.id, { ...file, complete: true, channels: [channel.id] })
      const shown = files.map((file) => fileJson(file, call.url))
      workspace.post(channel.id, { user: app.user, byApp: true, text: comment, thread, files: shown })
    })
  }
  return { files: files.map(({ id, title }) => ({ id, title })) }
}

function uploaded(workspace: Workspace, wanted: JsonObject): StoredFile {
  const file = workspace.files.get(text(wanted['id']))
  if (file?.bytes === undefined || file.complete) throw new SlackRefusal('file_not_found')
  return { ...file, title: text(wanted['title']) || file.title }
}
