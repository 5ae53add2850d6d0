export default async () => Response.json({ ok: true })
