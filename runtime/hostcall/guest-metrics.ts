/** Takes the metrics of guests (abi 15.1). Names are as guests give them. */
export interface GuestMetrics {
  addToCounter(name: string, value: number): void;
  setGauge(name: string, value: number): void;
  addToGauge(name: string, value: number): void;
  observe(name: string, value: number): void;
}
