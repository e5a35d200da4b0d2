// A well-made Node server for the same work: npm `ws`, a JSON batch every 100 ms, for each viewer exactly the couriers of its
// rectangle. Couriers are kept in a grid so that a viewer looks at its own cells only; a message is made once for each viewer,
// from texts that are made once for each fix.
//
// node server.js BROKERS PORT ADMIN_PORT
import { createServer } from 'node:http'
import { Kafka, logLevel } from 'kafkajs'
import { WebSocketServer } from 'ws'

const [brokers, port, adminPort] = process.argv.slice(2)
const TICK_MS = 100
const CELL = 0.01 // degrees: about a kilometre
const key = (lat, lon) => Math.floor(lat / CELL) * 100_000 + Math.floor(lon / CELL)

const couriers = new Map() // name -> { name, lat, lon, text, cell }
const changed = new Map() // cell -> couriers that moved in it, or into it, since the last tick
const left = [] // couriers that left a cell since the last tick
const viewers = new Set()

function apply(position) {
  const { courier: name, at, lat, lon, heading_deg: heading = 0, speed_mps: speed = 0 } = position
  let courier = couriers.get(name)
  if (courier === undefined) couriers.set(name, (courier = { name, at: 0, lat, lon, text: '', cell: 0 }))
  if (at <= courier.at) return
  courier.at = at
  courier.lat = lat
  courier.lon = lon
  courier.text = `["${name}",${lat},${lon},${heading},${speed},${at}]`
  const cell = key(lat, lon)
  if (cell !== courier.cell) {
    left.push(courier)
    courier.cell = cell
  }
  const list = changed.get(cell)
  if (list === undefined) changed.set(cell, [courier])
  else list.push(courier)
}

const inside = (view, courier) =>
  courier.lat >= view.south && courier.lat <= view.north && courier.lon >= view.west && courier.lon <= view.east

function tick() {
  for (const viewer of viewers) {
    const { view, held, socket } = viewer
    // A viewer that does not read skips ticks; it gets the whole picture when it reads again.
    if (view === null || socket.bufferedAmount > 65_536) {
      viewer.fresh = true
      continue
    }
    const items = []
    const gone = []
    if (viewer.fresh) {
      viewer.fresh = false
      held.clear()
      for (const courier of couriers.values()) {
        if (inside(view, courier)) {
          items.push(courier.text)
          held.add(courier.name)
        }
      }
    } else {
      for (const cell of viewer.cells) {
        const list = changed.get(cell)
        if (list === undefined) continue
        for (const courier of list) {
          if (inside(view, courier)) {
            items.push(courier.text)
            held.add(courier.name)
          } else if (held.delete(courier.name)) gone.push(courier.name)
        }
      }
      for (const courier of left) {
        if (!inside(view, courier) && held.delete(courier.name)) gone.push(courier.name)
      }
    }
    if (items.length === 0 && gone.length === 0) continue
    socket.send(`{"p":[${items.join(',')}],"gone":${gone.length === 0 ? '[]' : JSON.stringify(gone)}}`)
  }
  changed.clear()
  left.length = 0
}

const sockets = new WebSocketServer({ port: Number(port), host: '127.0.0.1', perMessageDeflate: false })
sockets.on('connection', (socket) => {
  const viewer = { socket, view: null, cells: [], held: new Set(), fresh: true }
  viewers.add(viewer)
  socket.on('close', () => viewers.delete(viewer))
  socket.on('message', (data) => {
    const message = JSON.parse(data.toString())
    if (message.type !== 'view') return
    const { west, south, east, north } = message.bounds
    viewer.view = message.bounds
    viewer.fresh = true
    viewer.cells = []
    for (let y = Math.floor(south / CELL); y <= Math.floor(north / CELL); y++) {
      for (let x = Math.floor(west / CELL); x <= Math.floor(east / CELL); x++) viewer.cells.push(y * 100_000 + x)
    }
  })
})

const kafka = new Kafka({ clientId: 'peer', brokers: [brokers], logLevel: logLevel.ERROR })
const consumer = kafka.consumer({ groupId: `peer-${process.pid}`, maxWaitTimeInMs: 10, minBytes: 1 })
await consumer.connect()
await consumer.subscribe({ topic: 'positions', fromBeginning: true })
const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch }) => {
    for (const message of batch.messages) apply(JSON.parse(message.value.toString()))
  }
})
await joined
setInterval(tick, TICK_MS)
createServer((_, answer) => answer.end('ready')).listen(Number(adminPort), '127.0.0.1')
