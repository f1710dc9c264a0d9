// A Chromium for the stories that are played in a real browser. Nothing else needs one, so a missing one stops no set-up.
import { existsSync } from 'node:fs'
import { canInstall, findProgram, install } from './programs.mjs'
import { say } from './say.mjs'

const macApps = ['Chromium', 'Google Chrome'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`)

/** The letters that the page is drawn with, and emoji: without the latter's font they would be boxes. */
const fonts = ['fonts-lato', 'fonts-liberation', 'fonts-noto-color-emoji']
/** The first is the same browser without a frame of its own around each window, which would cost more than the page in it. */
const names = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/**
 * Chromium (or Chrome) on this machine.
 * @returns {string | undefined}
 */
export function findChromium() {
  return findProgram({ variable: 'CHROMIUM_PATH', names, files: macApps })
}

/**
 * Installs Chromium where that asks nobody (Debian and its like, as root). Elsewhere, and when it fails, it says what to
 * do and gives back undefined: the stories then are skipped, each by its name, which counts as not passing.
 * @returns {string | undefined}
 */
export function installChromium() {
  if (canInstall()) {
    say('Installing Chromium, for the stories in a browser (once)…')
    // Not every archive has the first.
    const failure = install(['chromium-headless-shell', ...fonts]) && install(['chromium', ...fonts])
    const chromium = findChromium()
    if (chromium !== undefined) return chromium
    if (failure !== undefined) say(failure)
  }
  say(`No Chromium here. Install it with:  ${commandFor()}`)
  return undefined
}

/** @returns {string} */
function commandFor() {
  if (process.platform === 'darwin') return 'brew install --cask chromium'
  if (existsSync('/usr/bin/apt-get')) return `sudo apt-get install chromium ${fonts.join(' ')}`
  if (existsSync('/usr/bin/dnf')) return 'sudo dnf install chromium google-noto-color-emoji-fonts'
  if (existsSync('/sbin/apk')) return 'sudo apk add chromium font-noto-emoji'
  return 'your system’s package manager, or name the program in CHROMIUM_PATH'
}
