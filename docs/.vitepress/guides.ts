/** The guides in the order in which they are read. A test looks that none is missing. */
export const guides: { text: string; items: { text: string; link: string }[] }[] = [
  {
    text: 'Begin',
    items: [
      { text: 'Start', link: '/guides/start' },
      { text: 'How it works', link: '/guides/how-it-works' },
      { text: 'Switch from did-session', link: '/guides/from-did-session' },
    ],
  },
  {
    text: 'Guides',
    items: [
      { text: 'Wallets', link: '/guides/wallets' },
      { text: 'Signed requests', link: '/guides/requests' },
      { text: 'API clients', link: '/guides/clients' },
      { text: 'Fastify and Nest', link: '/guides/fastify-and-nest' },
      { text: 'Pages', link: '/guides/pages' },
      { text: 'Pages in frameworks', link: '/guides/pages-in-frameworks' },
      { text: 'Sockets and links', link: '/guides/sockets-and-links' },
      { text: 'Devices', link: '/guides/devices' },
      { text: 'Stores', link: '/guides/stores' },
      { text: 'Tabs and renewal', link: '/guides/tabs-and-renewal' },
      { text: 'Abilities and delegation', link: '/guides/abilities-and-delegation' },
      { text: 'React', link: '/guides/react' },
      { text: 'wagmi, RainbowKit, Reown AppKit', link: '/guides/wallet-kits' },
      { text: 'WalletConnect and phones', link: '/guides/walletconnect' },
      { text: 'Ceramic and ComposeDB', link: '/guides/ceramic' },
      { text: 'Command line', link: '/guides/command-line' },
      { text: 'In production', link: '/guides/production' },
      { text: 'Testing your app', link: '/guides/testing' },
      { text: 'Playwright', link: '/guides/playwright' },
    ],
  },
  {
    text: 'Look up',
    items: [
      { text: 'Security model', link: '/guides/security' },
      { text: 'Errors', link: '/guides/errors' },
      { text: 'Formats', link: '/spec' },
    ],
  },
]
