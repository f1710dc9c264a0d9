import { join } from 'node:path'
import { answersOnDisk } from '#/slack/answers-on-disk.ts'
import type { Door } from '#/slack/door.ts'
import type { Seen } from '#/slack/guard.ts'
import { type KeptPosts, postsOnDisk } from '#/slack/posts-on-disk.ts'
import type { KeptAnswers } from '#/slack/repeats.ts'
import { seenOnDisk } from '#/slack/seen-on-disk.ts'
import type { Inlet, startSlack } from '#/slack/start-slack.ts'
import type { BotDeps } from './bot-deps.ts'

/** Needed where requests come from anywhere; in Socket Mode only Slack itself can say something. */
export function acceptedRequests({ config, log }: BotDeps): (Seen & Disposable) | undefined {
  if (config.slack.mode.kind === 'socket') return undefined
  return seenOnDisk({ file: join(config.dataDir, 'accepted-requests.sqlite'), now: Date.now, log })
}

/** What deliveries were told, beside the ledger. */
export function givenAnswers({ config, log }: BotDeps): KeptAnswers & Disposable {
  return answersOnDisk({ file: join(config.dataDir, 'answered-deliveries.sqlite'), now: Date.now, log })
}

/** What our posts said, to see whether they are altered. */
export function keptPosts({ config, log }: BotDeps): KeptPosts & Disposable {
  return postsOnDisk({ file: join(config.dataDir, 'posts.sqlite'), log })
}

/** Slack as the configuration names it, with this door behind it. */
export function slackOptions(
  { config, secrets, log, onStuck, health }: BotDeps,
  door: Door,
  {
    seen,
    answers,
    posts,
    onThread,
  }: {
    readonly seen: Seen | undefined
    readonly answers?: KeptAnswers
    readonly posts?: KeptPosts
    readonly onThread?: Parameters<typeof startSlack>[0]['onThread']
  },
): Parameters<typeof startSlack>[0] {
  const { slack } = config
  const inlet: Inlet =
    slack.mode.kind === 'socket'
      ? { mode: 'socket', appToken: secrets.slackAppToken ?? '' }
      : {
          mode: 'http',
          signingSecret: secrets.slackSigningSecret ?? '',
          port: slack.mode.port,
          host: '0.0.0.0',
          ...(seen === undefined ? {} : { seen }),
        }
  return {
    botToken: secrets.slackBotToken ?? '',
    inlet,
    channel: slack.channel,
    roster: { responders: slack.responders, approvers: slack.approvers, accounts: slack.userMap },
    door,
    log,
    ...(answers === undefined ? {} : { answers }),
    ...(posts === undefined ? {} : { posts }),
    ...(onThread === undefined ? {} : { onThread }),
    delivered: health?.counts.delivered,
    called: health?.counts.called,
    onStuck: (stuck) => onStuck(`Slack: ${JSON.stringify(stuck)}`),
    ...(slack.apiUrl === undefined ? {} : { apiUrl: slack.apiUrl }),
  }
}
