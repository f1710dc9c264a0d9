import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect } from 'vitest'
import { isWell, markIsGone } from '#/proxy/probe.ts'
import { startNginx, wishFor } from '../../support/real-proxy.ts'
import { half, opened, placed, proxyStories } from '../stories.ts'

const story = proxyStories('nginx', async (upstream) => startNginx({ upstream }))

story('applied again, the same change is only looked at again', async ({ real }) => {
  const proxy = opened(real)
  const wish = wishFor(real)
  await placed(proxy, wish)
  const inode = () => statSync(real.site.configPath).ino
  const first = inode()

  expect(await placed(proxy, wish)).toMatchObject({ result: { kind: 'applied' } })
  expect(inode()).toBe(first)
})

story('two at once are one after the other, and both are told the same', async ({ real }) => {
  const proxy = opened(real)
  const both = await Promise.all([placed(proxy, wishFor(real)), placed(proxy, wishFor(real))])

  expect(both.map(({ result }) => result.kind)).toEqual(['applied', 'applied'])
})

story('a second, other change has to wait until the first is settled', async ({ real }) => {
  const proxy = opened(real)
  const { rendered } = await placed(proxy, wishFor(real))
  const other = await placed(proxy, wishFor(real, { burst: '50' }))

  expect(other.result).toMatchObject({ kind: 'refused', sentence: expect.stringContaining('12:30 UTC') as string })
  expect(await proxy.keep(other.rendered.mark)).toMatchObject({ kind: 'stuck' })
  expect(await proxy.keep(rendered.mark)).toMatchObject({ kind: 'kept' })
  expect((await placed(proxy, wishFor(real, { burst: '50' }))).result.kind).toBe('applied')
  // Taken back is only the second; the first was kept.
  await proxy.rollBack()
  expect(readFileSync(real.site.configPath, 'utf8')).toBe(rendered.files[0]?.text)
})

story('what is kept stays, and twice is once', async ({ real }) => {
  const proxy = opened(real)
  const { rendered } = await placed(proxy, wishFor(real))

  expect(await proxy.keep(rendered.mark)).toMatchObject({ kind: 'kept' })
  expect(await proxy.keep(rendered.mark)).toMatchObject({ kind: 'nothing' })
  expect(await proxy.rollBack()).toMatchObject({ kind: 'nothing' })
  expect(await proxy.settle()).toMatchObject({ kind: 'nothing' })
  expect(readFileSync(real.site.configPath, 'utf8')).toBe(rendered.files[0]?.text)
})

story('after a restart a live change waits until its time is over, and then is taken back', async ({ real }) => {
  await placed(opened(real), wishFor(real))

  expect(await opened(real, new Date(half.getTime() - 1)).settle()).toMatchObject({ kind: 'waiting' })
  expect(await opened(real, half).settle()).toMatchObject({ kind: 'rolled-back' })
  expect(await markIsGone(real.site.url)).toBe(true)
})

story('what lay there before comes back with its bytes and its mode', async ({ real }) => {
  const file = real.site.configPath
  const bytes = Buffer.from('# ours, until now \xff\n', 'latin1')
  writeFileSync(file, bytes)
  chmodSync(file, 0o640)
  const proxy = opened(real)
  await placed(proxy, wishFor(real))
  expect(statSync(file).mode & 0o777).toBe(0o640)
  await proxy.rollBack()

  expect(readFileSync(file)).toEqual(bytes)
  expect(statSync(file).mode & 0o777).toBe(0o640)
  expect(readdirSync(dirname(file))).toEqual(['autentico-responder.conf'])
})

story(
  'what nginx refuses is never loaded: its own words are the answer, and the old files lie there again',
  async ({ upstream, use }) => {
    // The block has a place of its own for what ours brings.
    const inServer = `location ^~ /admin/ { proxy_pass ${upstream}; }`
    const other = use(await startNginx({ upstream: upstream, inServer }))
    const { result } = await placed(opened(other), wishFor(other))

    expect(result).toMatchObject({ kind: 'refused', sentence: expect.stringContaining('duplicate location') as string })
    expect(readdirSync(dirname(other.site.configPath))).toEqual([])
    expect(await isWell(other.site.url)).toBe(true)
  },
)

story('an nginx that finds fault with itself already is left alone', async ({ real }) => {
  writeFileSync(real.mainFile, `${readFileSync(real.mainFile, 'utf8')}\nnonsense on;\n`)
  const { result } = await placed(opened(real), wishFor(real))

  expect(result).toMatchObject({ kind: 'refused', sentence: expect.stringContaining('as it is') as string })
  expect(existsSync(real.site.configPath)).toBe(false)
})

story('a secret that nginx quotes is not in the answer', async ({ real }) => {
  const token = `eyJ${'a'.repeat(60)}.${'B3'.repeat(40)}`
  writeFileSync(real.mainFile, `${readFileSync(real.mainFile, 'utf8')}\n${token} on;\n`)
  const { result } = await placed(opened(real), wishFor(real))

  expect(result.sentence).toContain('unknown directive')
  expect(result.sentence).not.toContain(token.slice(0, 20))
})

story('a file that somebody changed meanwhile is not overwritten', async ({ real }) => {
  const proxy = opened(real)
  expect(await placed(proxy, wishFor(real))).toMatchObject({ result: { kind: 'applied' } })
  writeFileSync(real.site.configPath, '# put right by hand\n')

  expect(await proxy.rollBack()).toMatchObject({
    kind: 'stuck',
    sentence: expect.stringContaining('changed by somebody else') as string,
  })
  expect(readFileSync(real.site.configPath, 'utf8')).toBe('# put right by hand\n')
})

story('an nginx that cannot be reloaded is reported, and settled once it can be', async ({ real }) => {
  const broken = opened({ ...real, setup: { ...real.setup, reloadCommand: ['/nowhere/nginx'] } })
  const { result } = await placed(broken, wishFor(real))

  expect(result).toMatchObject({ kind: 'stuck', sentence: expect.stringContaining('no such program') as string })
  expect(readdirSync(dirname(real.site.configPath))).toEqual(['autentico-responder.conf.pending'])
  expect(await opened(real).settle()).toMatchObject({ kind: 'rolled-back' })
})

story('a note that cannot be read stops everything, and says what to do', async ({ real }) => {
  writeFileSync(real.setup.noteFile, '{"version":1,')
  const proxy = opened(real)

  for (const result of [await proxy.settle(), (await placed(proxy, wishFor(real))).result, await proxy.rollBack()]) {
    expect(result).toMatchObject({ kind: 'stuck', sentence: expect.stringContaining('cannot be read') as string })
  }
})

story('a folder that is not there is named, and nothing is changed', async ({ real }) => {
  const elsewhere = { ...real.site, configPath: `${real.folder}/nowhere/a.conf` }
  const { result } = await placed(opened(real), { ...wishFor(real), site: elsewhere })

  expect(result).toMatchObject({ kind: 'refused', sentence: expect.stringContaining('Nothing was changed') as string })
})
