"""Pure decisions: values in, values out, `now` passed in. No I/O, no clock, no chance."""
