// The demo city as tests need it.

/** Where a route begins. */
export async function startOf(server, route) {
  return (await server.get(`/routes/${route}`)).origin;
}

/** Where a route ends. */
export async function endOf(server, route) {
  return (await server.get(`/routes/${route}`)).destination;
}
