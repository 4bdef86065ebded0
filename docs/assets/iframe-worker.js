// Pages that are opened from a folder may not start a Worker, which is what searches: there it runs in a frame of its own.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      const frame = document.createElement("iframe")
      frame.hidden = true
      document.body.append(frame)
      const inside = frame.contentWindow
      inside.postMessage = data => queueMicrotask(() => this.dispatchEvent(new MessageEvent("message", { data })))
      this.ready = new Promise((resolve, reject) => {
        const script = inside.document.createElement("script")
        script.src = new URL(url, location.href).href
        script.onload = () => resolve(inside)
        script.onerror = reject
        inside.document.head.append(script)
      })
      this.terminate = () => frame.remove()
    }

    postMessage(data) {
      this.ready.then(inside => inside.dispatchEvent(new MessageEvent("message", { data })))
    }
  }
}
