//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include <strait/codec.hpp>

#include <boost/archive/archive_exception.hpp>
#include <boost/asio/error.hpp>

#include <new>
#include <system_error>

namespace strait {

namespace detail {

void throw_bad_message() { throw system_error(error::bad_message); }
void throw_bad_attachment() { throw system_error(error::bad_attachment); }
void throw_empty_end() { throw system_error(error::empty_end); }
void throw_newer_class_version() { throw system_error(error::unsupported_class_version); }
void throw_message_too_large() { throw system_error(error::message_too_large); }

void throw_value_without_state() {
    throw system_error(make_error_code(boost::system::errc::invalid_argument));
}

}  // namespace detail

namespace {

// Somebody may throw a code that says success; who fails must not report that.
error_code failure(const error_code& ec) {
    return ec.failed() ? ec : make_error_code(error::bad_message);
}

}  // namespace

error_code current_exception_code() noexcept {
    using boost::archive::archive_exception;
    try {
        throw;
    } catch (const system_error& e) {
        return failure(e.code());
    } catch (const std::system_error& e) {
        return failure(e.code());
    } catch (const std::bad_alloc&) {
        return boost::asio::error::no_buffer_space;
    } catch (const archive_exception& e) {
        if (e.code == archive_exception::unsupported_class_version)
            return error::unsupported_class_version;
        return error::bad_message;
    } catch (...) {
        return error::bad_message;
    }
}

}  // namespace strait
