import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openProxy } from '#/proxy/apply.ts'
import type { Reach } from './actions/action.ts'
import { reachFindings } from './reach-findings.ts'

function reach(more: { readonly file?: string; readonly configPath?: string; readonly program?: string } = {}): Reach {
  const folder = mkdtempSync(join(tmpdir(), 'responder-reach-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, '.env')
  writeFileSync(file, 'AUTENTICO_APP_URL=https://id.example.org\n', { mode: 0o600 })
  const command = [more.program ?? process.execPath, '--version']
  return {
    directory: folder,
    known: { admins: [], clients: [] },
    environment: { file: more.file ?? file, restartCommand: command },
    proxy: {
      kind: 'nginx',
      configPath: more.configPath ?? join(folder, 'autentico-responder.conf'),
      testCommand: command,
      reloadCommand: command,
      proxy: openProxy({
        kind: 'nginx',
        testCommand: command,
        reloadCommand: command,
        noteFile: join(folder, 'proxy.json'),
        run: async () => Promise.resolve({ kind: 'well' }),
        now: () => new Date(),
      }),
    },
  }
}

test('what is configured and usable is said to be usable', async () => {
  expect((await reachFindings(reach())).map(({ name, ok }) => [name, ok])).toEqual([
    ['environment', true],
    ['proxy', true],
  ])
})

test('of what is not configured nothing is said', async () => {
  const { directory, known } = reach()
  expect(await reachFindings({ directory, known })).toEqual([])
})

test.each([
  ['environment', { file: '/nowhere/at/all/.env' }, 'AUTENTICO_ENV_FILE'],
  ['environment', { program: 'no-such-program-anywhere' }, 'AUTENTICO_RESTART_COMMAND'],
  ['environment', { program: '/nowhere/restart' }, 'AUTENTICO_RESTART_COMMAND'],
  ['proxy', { configPath: '/nowhere/at/all/responder.conf' }, 'PROXY_CONFIG_PATH'],
  ['proxy', { program: 'no-such-program-anywhere' }, 'PROXY_TEST_COMMAND'],
] as const)('the %s that cannot be used is named with its variable: %o', async (part, more, variable) => {
  const found = (await reachFindings(reach(more))).find(({ name }) => name === part)
  expect(found).toMatchObject({ ok: false })
  expect(found?.sentence).toContain(variable)
})
