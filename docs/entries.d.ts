export const entries: readonly { readonly name: string; readonly source: string; readonly page: string }[]
