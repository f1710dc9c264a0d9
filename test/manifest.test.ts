import { readFileSync } from 'node:fs'
import type { AppsManifestValidateArguments } from '@slack/web-api'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { readManifest } from '#/drill/slack/manifest.ts'

type Manifest = Exclude<AppsManifestValidateArguments['manifest'], string>
type Scopes = NonNullable<NonNullable<Manifest['oauth_config']>['scopes']>
type BotScope = NonNullable<Scopes['bot']>[number]

/** The scopes we may ask for. The type is Slack's list, so that a misspelt name does not compile. */
const needed: readonly BotScope[] = ['commands', 'chat:write', 'users:read', 'groups:read', 'groups:history']
const optional: readonly BotScope[] = [
  'users:read.email',
  'usergroups:read',
  'channels:read',
  'channels:history',
  'files:write',
]

const source = readFileSync(new URL('../manifest.yml', import.meta.url), 'utf8')

/** Slack's own schema; where it is from stands beside it. */
function accepts(manifest: unknown): { readonly valid: boolean; readonly faults: readonly string[] } {
  const schema: unknown = JSON.parse(
    readFileSync(new URL('support/slack-manifest.schema.json', import.meta.url), 'utf8'),
  )
  const ajv = new Ajv({ strict: false, allErrors: true })
  formats.default(ajv)
  const validate = ajv.compile(schema as object)
  const valid = validate(manifest)
  return { valid, faults: (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`) }
}

test("Slack's schema accepts the manifest", () => {
  expect(accepts(parse(source))).toEqual({ valid: true, faults: [] })
})

test("Slack's schema refuses a name that is too long, so the check does look", () => {
  const manifest = parse(source) as { readonly display_information: object }
  const long = { ...manifest, display_information: { ...manifest.display_information, name: 'x'.repeat(36) } }

  expect(accepts(long)).toMatchObject({ valid: false, faults: [expect.stringContaining('/display_information/name')] })
})

test('the manifest asks for no scope beyond the ones we have a use for', () => {
  const manifest = parse(source) as { readonly oauth_config: { readonly scopes: Scopes } }

  expect(manifest.oauth_config.scopes).toEqual({ bot: needed, bot_optional: optional })
  expect(readManifest(source).scopes).toEqual([...needed, ...optional])
})

test('direct messages have a tab to arrive in, and nobody is led to think that they are answered there', () => {
  const { features } = parse(source) as { readonly features: { readonly app_home: object } }

  expect(features.app_home).toMatchObject({ messages_tab_enabled: true, messages_tab_read_only_enabled: true })
})

test('each scope and each event says in its line why it is asked for', () => {
  const asked = source.split('\n').filter((line) => /^\s+- [a-z_.]+(:[a-z_.]+)*( #.*)?$/.test(line))

  expect(asked.length).toBe(needed.length + optional.length + 3)
  expect(asked.filter((line) => !/ # \S.{10,}/.test(line))).toEqual([])
})

test('the manifest opens no address to the internet: Socket Mode, and no request URL anywhere', () => {
  expect(readManifest(source).socketMode).toBe(true)
  expect(source).not.toMatch(/^\s*(request_url|url|message_menu_options_url):/m)
})
