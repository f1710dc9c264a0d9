/** The sign of an emoji by the name people type between colons. Undefined for names this page does not know. */
export function emojiNamed(name: string): string | undefined {
  return names.get(name)
}

/** One line a sign, with its names as Slack has them. */
const table = `
😀 grinning
😃 smiley
😄 smile
😁 grin
😆 laughing satisfied
😅 sweat_smile
😂 joy
🤣 rolling_on_the_floor_laughing rofl
🙂 slightly_smiling_face
🙃 upside_down_face
😉 wink
😊 blush
😇 innocent
😍 heart_eyes
😎 sunglasses
🤔 thinking_face thinking
🤨 face_with_raised_eyebrow
😐 neutral_face
🙄 face_with_rolling_eyes rolling_eyes
😬 grimacing
😮 open_mouth
😱 scream
😢 cry
😭 sob
😡 rage
😞 disappointed
😕 confused
🙁 slightly_frowning_face
😴 sleeping
🤯 exploding_head
🥳 partying_face
🤖 robot_face
👻 ghost
💀 skull
👀 eyes
👋 wave
👍 +1 thumbsup
👎 -1 thumbsdown
👏 clap
🙌 raised_hands
🙏 pray
🤝 handshake
💪 muscle
👌 ok_hand
✌️ v
🤞 crossed_fingers
👉 point_right
👈 point_left
👆 point_up_2
👇 point_down
✋ hand raised_hand
🤷 shrug
🤦 face_palm facepalm
❤️ heart
💔 broken_heart
🎉 tada
🎊 confetti_ball
✨ sparkles
🔥 fire
💯 100
🚀 rocket
⭐ star
🌟 star2
💡 bulb
⚡ zap
✅ white_check_mark
☑️ ballot_box_with_check
✔️ heavy_check_mark
❌ x
❎ negative_squared_cross_mark
⛔ no_entry
🚫 no_entry_sign
⚠️ warning
🚨 rotating_light
🆘 sos
🔴 red_circle
🟠 large_orange_circle
🟡 large_yellow_circle
🟢 large_green_circle
🔵 large_blue_circle
🟣 large_purple_circle
⚪ white_circle
⚫ black_circle
❓ question
❗ exclamation heavy_exclamation_mark
‼️ bangbang
ℹ️ information_source
🔒 lock
🔓 unlock
🔐 closed_lock_with_key
🔑 key
🛡️ shield
🔔 bell
🔕 no_bell
📣 mega
📢 loudspeaker
📌 pushpin
📎 paperclip
🔗 link
📝 memo pencil
📄 page_facing_up
📋 clipboard
📁 file_folder
📊 bar_chart
📈 chart_with_upwards_trend
📉 chart_with_downwards_trend
📅 date
📆 calendar
⏰ alarm_clock
⏱️ stopwatch
⏳ hourglass_flowing_sand
⌛ hourglass
🕐 clock1
⏸️ double_vertical_bar
▶️ arrow_forward
⏭️ black_right_pointing_double_triangle_with_vertical_bar
🔄 arrows_counterclockwise
♻️ recycle
➡️ arrow_right
⬅️ arrow_left
⬆️ arrow_up
⬇️ arrow_down
↩️ leftwards_arrow_with_hook
➕ heavy_plus_sign
➖ heavy_minus_sign
🧹 broom
🧪 test_tube
🔧 wrench
🔨 hammer
🛠️ hammer_and_wrench
⚙️ gear
🧯 fire_extinguisher
💣 bomb
🐛 bug
💻 computer
🖥️ desktop_computer
📱 iphone
☎️ phone telephone
📞 telephone_receiver
✉️ email envelope
📧 e-mail
🌐 globe_with_meridians
🌍 earth_africa
🏠 house
🏢 office
☕ coffee
🍕 pizza
🎂 birthday
🕵️ sleuth_or_spy
👮 cop
🤫 shushing_face
🙈 see_no_evil
💬 speech_balloon
👤 bust_in_silhouette
👥 busts_in_silhouette
1️⃣ one
2️⃣ two
3️⃣ three
4️⃣ four
5️⃣ five
🏁 checkered_flag
🚩 triangular_flag_on_post
🛑 octagonal_sign
🚧 construction
`

const names: ReadonlyMap<string, string> = new Map(
  table
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [sign = '', ...known] = line.split(' ')
      return known.map((name) => [name, sign] as const)
    }),
)
