#include <boost/asio/error.hpp>
#include <strait/limits.hpp>
