/** Who signs in on the pages, and for what. */
export const PRIVATE_KEY = `0x${'11'.repeat(32)}`
export const ACCOUNT = 'eip155:1:0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A'
export const resources = ['https://api.example.com/*']

/** What did-session takes in place of an account's id: three members of an object of the package caip. */
export const ID = {
  chainId: { namespace: 'eip155', reference: '1' },
  address: ACCOUNT.split(':')[2],
  toString: () => ACCOUNT,
}
