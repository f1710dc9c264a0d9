import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect } from 'vitest'
import { cast, incidentChannel, workspace } from '#/drill/cast.ts'
import { fault } from '../harness/fault.ts'
import { overHttp } from '../slack/slack-http.ts'
import { portOf, post, signed } from './letters.ts'

const asks = 200

fault({
  id: 'F36',
  title: 'a thousand idle sockets, slow ones and a flood that nobody signed: what Slack signs is answered meanwhile',
  ci: 1,
  nightly: 5,
  world: await overHttp(),
  async run({ world, struck, succeeds, asked, proves }) {
    const incident = await asked()
    const attacker = spawn(process.execPath, [join(import.meta.dirname, 'flood.ts'), String(portOf(world))], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      await once(attacker.stdout, 'data')
      struck()
      const took: number[] = []
      for (let n = 0; n < asks; n += 1) {
        const begun = performance.now()
        const command = new URLSearchParams({
          command: '/autentico',
          text: `status ${n}`,
          user_id: cast.bao.user,
          team_id: workspace.team,
          channel_id: incidentChannel.id,
          trigger_id: `1.${n}`,
          response_url: 'http://127.0.0.1:1/',
        })
        expect(await post(world, signed(world, command.toString()))).toBe(200)
        took.push(performance.now() - begun)
      }
      // The one limit in time here: Slack gives up after three seconds, which `post` does as well.
      const slowest = took.toSorted((one, other) => one - other)[Math.floor(asks * 0.99) - 1] ?? Infinity
      await succeeds(() => expect(slowest).toBeLessThan(1_000))
      await succeeds(async () => incident.approve())
    } finally {
      attacker.kill('SIGKILL')
      await once(attacker, 'exit')
    }
    await proves(incident)
  },
})
