#include <boost/asio/any_io_executor.hpp>
