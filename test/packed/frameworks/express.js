import { app } from './express-app.js'

app.listen(process.env.PORT, '127.0.0.1', () => console.log('ready'))
