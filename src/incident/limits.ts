/** Longest free text that one entry takes, in UTF-16 units; Slack's own limit for an input. */
export const longestText = 3000
