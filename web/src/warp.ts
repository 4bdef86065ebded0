// Space along one axis, stretched where groups are opened: what was apart stays apart, and in the same order.

export interface Need {
  from: number;
  to: number;
  /** how long [from, to] must become */
  length: number;
}

export class Warp {
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private readonly rates: number[] = [];
  private readonly before: number[] = [];
  private readonly grown: number;

  constructor(needs: Need[]) {
    const cuts = [...new Set(needs.flatMap((need) => [need.from, need.to]))].sort((a, b) => a - b);
    const lengths = cuts.slice(1).map((cut, i) => cut - cuts[i]);
    // the largest first: it makes room for the smaller ones that stand beside it
    for (const need of [...needs].sort((a, b) => b.length - b.to + b.from - (a.length - a.to + a.from))) {
      const first = cuts.indexOf(need.from);
      const last = cuts.indexOf(need.to);
      let now = 0;
      for (let i = first; i < last; i++) now += lengths[i];
      const missing = need.length - now;
      if (missing > 0) for (let i = first; i < last; i++) lengths[i] += (missing * (cuts[i + 1] - cuts[i])) / (need.to - need.from);
    }
    let gained = 0;
    lengths.forEach((length, i) => {
      this.starts.push(cuts[i]);
      this.ends.push(cuts[i + 1]);
      this.rates.push(length / (cuts[i + 1] - cuts[i]));
      this.before.push(gained);
      gained += length - (cuts[i + 1] - cuts[i]);
    });
    this.grown = gained;
  }

  at(place: number): number {
    const { starts, ends, rates, before } = this;
    if (!starts.length || place <= starts[0]) return place;
    if (place >= ends[ends.length - 1]) return place + this.grown;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= place) low = middle;
      else high = middle - 1;
    }
    return starts[low] + before[low] + (place - starts[low]) * rates[low];
  }
}
