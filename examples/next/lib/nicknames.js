const nicknames = new Map()

export const nicknameOf = (account) => nicknames.get(account) ?? 'without a nickname'
export const setNickname = (account, name) => nicknames.set(account, name.slice(0, 40))
