/** Well-known keys, which protect nothing of value. The first is the key of a `testWallet()`. */
export const KEY_A = `0x${'11'.repeat(32)}` as const
export const KEY_B = `0x${'22'.repeat(32)}` as const

export const ADDRESS_A = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A'
export const ACCOUNT_A = 'eip155:1:0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a'
export const ACCOUNT_B = 'eip155:1:0x1563915e194d8cfba1943570603f7606a3115508'
