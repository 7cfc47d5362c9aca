"""Where a run is put together: started, resumed, trained, sampled from."""
