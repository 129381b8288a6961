module ergobench

go 1.21

require ergo.services/ergo v1.999.310
