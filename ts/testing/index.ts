export {
  virtualClock,
  type VirtualClock,
  type VirtualClockOptions,
} from './clock/virtual-clock.ts';
