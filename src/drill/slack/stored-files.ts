import { workspace as company } from '../cast.ts'
import type { JsonObject } from './json.ts'

/** A file as the workspace has it. It is shown where a message carries it. */
export type StoredFile = {
  readonly id: string
  readonly name: string
  readonly title: string
  readonly user: string
  readonly size: number
  /** Seconds since 1970. */
  readonly created: number
  /** Undefined until they were sent. */
  readonly bytes: Buffer | undefined
  /** Its upload was completed, which happens once. */
  readonly complete: boolean
  /** Where it was shared: who is in one of these channels may fetch it, and nobody else. */
  readonly channels: readonly string[]
}

/** A file in a message, as Slack shows it. */
export function fileJson({ id, name, title, user, size, created }: StoredFile, url: string): JsonObject {
  const { mimetype, filetype, pretty } = typeOf(name)
  const there = `${url}/files-pri/${company.team}-${id}`
  return {
    id,
    created,
    timestamp: created,
    name,
    title,
    mimetype,
    filetype,
    pretty_type: pretty,
    user,
    user_team: company.team,
    editable: false,
    size,
    mode: 'hosted',
    is_external: false,
    external_type: '',
    is_public: false,
    public_url_shared: false,
    display_as_bot: false,
    username: '',
    url_private: `${there}/${name}`,
    url_private_download: `${there}/download/${name}`,
    permalink: `${url}/files/${user}/${id}/${name}`,
    is_starred: false,
    has_rich_preview: false,
    file_access: 'visible',
  }
}

function typeOf(name: string): { readonly mimetype: string; readonly filetype: string; readonly pretty: string } {
  const ending = name.split('.').at(-1) ?? ''
  return types[ending] ?? { mimetype: 'application/octet-stream', filetype: 'binary', pretty: 'Binary' }
}

const types: Readonly<Record<string, ReturnType<typeof typeOf>>> = {
  csv: { mimetype: 'text/csv', filetype: 'csv', pretty: 'CSV' },
  json: { mimetype: 'text/plain', filetype: 'json', pretty: 'JSON' },
  md: { mimetype: 'text/plain', filetype: 'markdown', pretty: 'Markdown (raw)' },
  txt: { mimetype: 'text/plain', filetype: 'text', pretty: 'Plain Text' },
}
