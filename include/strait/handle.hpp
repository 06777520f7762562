//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_HANDLE_HPP
#define STRAIT_HANDLE_HPP

#include <strait/detail/config.hpp>
#include <strait/error.hpp>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <type_traits>
#include <utility>

namespace strait {

/// What a handle refers to.
enum class handle_kind : std::uint8_t {
    /// Nothing: the handle is empty.
    none,
    /// A regular file.
    file,
    /// A directory.
    directory,
    /// Either end of a pipe, or a named pipe.
    pipe,
    /// A stream socket that is no listener: TCP, local or other, connected or not yet.
    stream_socket,
    /// A datagram or raw socket.
    datagram_socket,
    /// A socket that keeps the bounds of its records in order, such as a local `SOCK_SEQPACKET`.
    packet_socket,
    /// A socket that listens, of whatever type.
    listening_socket,
    /// A terminal, `/dev/null` or another device that is no disk.
    character_device,
    /// A disk.
    block_device,
    /// Memory without a name. Told from a file on Linux only; elsewhere such memory is a `file`.
    memory,
    /// None of the above: an event, a timer, an epoll descriptor, a process descriptor.
    other,
};

/// How `handle` takes over from, and turns into, an object of another library. Include
/// `<strait/handle_asio.hpp>` for the I/O objects of Asio.
///
/// A specialisation has `static handle release(Object&, error_code&)`, which takes the descriptor
/// out of the object, and `static void assign(Object&, int, error_code&)`, which fails with
/// `error::wrong_handle_kind` and changes nothing if the descriptor is not what the object needs.
template <class Object>
struct handle_traits;

/// Closes a `FILE` held by a `std::unique_ptr`.
struct file_closer {
    void operator()(std::FILE* file) const noexcept {
        if (file != nullptr) std::fclose(file);
    }
};

/// Owns a `FILE`.
using unique_file = std::unique_ptr<std::FILE, file_closer>;

/// Owns one handle of the operating system, of whatever kind, and can be a member of a message.
///
/// A handle that arrives in a message may be of any kind, whatever the sender promised, and may be
/// shared with a hostile process: whether it blocks (`O_NONBLOCK`) and where it reads are
/// properties that all its holders share, and anyone of them can change them. The `into` functions
/// check the kind; reading from what a stranger sent may still block.
///
/// *Thread safety*: distinct objects are safe, a shared object is not; `kind` and `duplicate` may
/// run at once with each other.
class handle {
public:
    /// What the system calls a handle: a descriptor.
    using native_handle_type = int;

    /// Constructs an empty handle.
    handle() noexcept = default;

    /// Takes ownership of `native` as it is: close-on-exec is not set.
    explicit handle(native_handle_type native) noexcept : native_(native) {}

    handle(handle&& other) noexcept : native_(std::exchange(other.native_, -1)) {}

    handle& operator=(handle&& other) noexcept {
        if (this != &other) {
            close();
            native_ = std::exchange(other.native_, -1);
        }
        return *this;
    }

    /// Closes what is held, as `close` does.
    ~handle() { close(); }

    /// Takes the descriptor out of an I/O object, which is closed afterwards; its pending
    /// operations complete with `asio::error::operation_aborted`.
    ///
    /// The descriptor becomes close-on-exec, and blocking again if Asio made it non-blocking for
    /// asynchronous operations of its own: who gets it expects that. (A pipe's is made blocking
    /// in any case, since Asio does not tell who changed it.) A duplicate that is still used
    /// asynchronously elsewhere shares that mode: do not keep one.
    ///
    /// *Errors*: `error::not_open`; what the system reports, which it does not for a descriptor
    /// that was in use; it is closed then.
    template <class Object>
        requires(!std::is_reference_v<Object> && !std::is_const_v<Object>)
    static handle from(Object&& object, error_code& ec) {
        return handle_traits<Object>::release(object, ec);
    }

    /// As above, but throws `system_error`.
    template <class Object>
        requires(!std::is_reference_v<Object> && !std::is_const_v<Object>)
    static handle from(Object&& object) {
        error_code ec;
        handle h = from(std::forward<Object>(object), ec);
        if (ec) throw system_error(ec, "handle::from");
        return h;
    }

    /// A close-on-exec duplicate of a descriptor that stays with its owner.
    STRAIT_DECL static handle duplicate_of(native_handle_type native, error_code& ec) noexcept;
    STRAIT_DECL static handle duplicate_of(native_handle_type native);

    /// A close-on-exec duplicate of the descriptor below `file`, which is flushed first and stays
    /// with its owner. What `file` has read ahead is not seen by readers of the handle; both share
    /// one position. *Errors*: those of `fflush`; `EBADF` for a `FILE` without descriptor.
    STRAIT_DECL static handle duplicate_of(std::FILE* file, error_code& ec) noexcept;
    STRAIT_DECL static handle duplicate_of(std::FILE* file);

    /// Whether a handle is held.
    bool is_open() const noexcept { return native_ != -1; }

    /// The handle held, still owned by this object; -1 when empty.
    native_handle_type native_handle() const noexcept { return native_; }

    /// What is held, asked of the system at each call (one to three system calls). On error
    /// `handle_kind::other`.
    STRAIT_DECL handle_kind kind(error_code& ec) const noexcept;
    STRAIT_DECL handle_kind kind() const;

    /// Gives up ownership.
    native_handle_type release() noexcept { return std::exchange(native_, -1); }

    /// Closes what is held, or does nothing. Leaves `errno` alone. Closing may block where the
    /// system lets it: a socket that lingers, a file on a network or in user space.
    STRAIT_DECL void close() noexcept;

    /// A second handle to the same thing, close-on-exec. The position in a file and the blocking
    /// mode are shared. *Errors*: `error::not_open`; what the system reports.
    STRAIT_DECL handle duplicate(error_code& ec) const noexcept;
    STRAIT_DECL handle duplicate() const;

    /// Hands the descriptor over to a new I/O object on an executor or execution context, and
    /// becomes empty. The object takes only what fits it: type, protocol, direction of a pipe,
    /// listening or not.
    ///
    /// *Errors*: `error::not_open` when empty, `error::wrong_handle_kind`, and what the system
    /// reports. The handle keeps what it held, and the object returned is closed.
    template <class Object, class ExecutorOrContext>
    Object into(ExecutorOrContext&& where, error_code& ec) {
        Object object(where);
        if (!is_open()) {
            ec = error::not_open;
        } else {
            handle_traits<Object>::assign(object, native_, ec);
            if (!ec) native_ = -1;
        }
        return object;
    }

    /// As above, but throws `system_error`.
    template <class Object, class ExecutorOrContext>
    Object into(ExecutorOrContext&& where) {
        error_code ec;
        Object object = into<Object>(where, ec);
        if (ec) throw system_error(ec, "handle::into");
        return object;
    }

    /// Hands the descriptor over to a `FILE`, opened with a mode of `fopen` ("r", "w+" and so on;
    /// nothing is truncated), and becomes empty.
    ///
    /// The blocking mode is left alone: a `FILE` over something non-blocking reports `EAGAIN`.
    ///
    /// *Errors*: `error::not_open`, `error::wrong_handle_kind` for what has no bytes to stream (a
    /// directory, a listener, sockets with packets, `other`), `invalid_argument` for a mode that
    /// is none or that the descriptor was not opened for. The handle keeps what it held.
    STRAIT_DECL unique_file into_file(const char* mode, error_code& ec) noexcept;
    STRAIT_DECL unique_file into_file(const char* mode);

private:
    native_handle_type native_ = -1;
};

}  // namespace strait

#endif
