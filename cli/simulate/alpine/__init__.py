"""The shops of a simulation, connected to an Alpine IQ that lags and lies: what it does, what is done about it, and an
oracle of who must and who must not notice."""
