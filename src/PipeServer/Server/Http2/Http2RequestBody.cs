using PipeServer.Http;

namespace PipeServer.Server.Http2;

/// <summary>
/// The body of a stream's request, with the owner's side of it: whoever is the owner of the connection's output puts DATA in, and sends what is due to its
/// client for it.
/// </summary>
internal sealed class Http2RequestBody : BodyReader, IRequestBody
{
    // As much of a body that nobody reads is taken and thrown away.
    private const int MostDiscarded = 1024 * 1024;

    private long _discarded;
    private Http2Tunnel? _tunnel; // the stream is its handler's
    private BodyTrailers? _trailers; // made when somebody asks, or some come

    public Http2RequestBody(Http2Stream stream)
        : base(stream) => Stream = stream;

    /// <summary>One of no stream, for tests.</summary>
    internal Http2RequestBody(IBodyHost host)
        : base(host)
    {
    }

    /// <summary>The stream.</summary>
    public Http2Stream Stream { get; } = null!;

    /// <summary>Where the owner puts the trailers that have come, before it calls <see cref="EndWithTrailers"/>.</summary>
    public HeaderFields TrailersToFill => ExistingTrailers.Received;

    /// <inheritdoc/>
    public HeaderFields Trailers => ExistingTrailers.Fields;

    /// <inheritdoc/>
    public bool IsFullyRead
    {
        get
        {
            using (Use())
            {
                if (IsAtEnd && !IsDiscarding)
                {
                    OnEndRead();
                }

                return IsAtEnd;
            }
        }
    }

    /// <summary>True once all of it has come: END_STREAM.</summary>
    public bool IsComplete => HasEnded;

    /// <summary>Nobody reads it, and more of it comes, or is known to come, than is worth taking.</summary>
    public bool IsTooLongToDiscard => IsDiscarding && (_discarded > MostDiscarded || ContentLength - ReceivedBytes > MostDiscarded);

    /// <summary>The handler has begun to read, and the client waits for that: the owner sends 100 Continue.</summary>
    public bool IsContinueDue => ContinueIsDue;

    /// <summary>The owner has a WINDOW_UPDATE of the stream to send: see <see cref="TakeWindowUpdate"/>.</summary>
    public bool IsWindowUpdateDue => UpdateIsDue;

    /// <summary>When the owner is to call <see cref="CheckTime"/>, by the heartbeat's clock; <see cref="long.MaxValue"/> while nobody waits.</summary>
    public long DueAt
    {
        get
        {
            if (!IsWaiting)
            {
                return long.MaxValue;
            }

            using (Use())
            {
                return IsWaiting && !IsTunnel ? Pace.DueAt(Host) : long.MaxValue;
            }
        }
    }

    private BodyTrailers ExistingTrailers =>
        _trailers ?? (Interlocked.CompareExchange(ref _trailers, new BodyTrailers(), null) ?? _trailers);

    /// <summary>At the head of a request: begins its body.</summary>
    /// <param name="hasBody">False: the head had END_STREAM.</param>
    /// <param name="contentLength">Its length, where the head has named one, else -1.</param>
    /// <param name="expectsContinue">The client waits for 100 Continue before it sends the body.</param>
    public void Start(bool hasBody, long contentLength, bool expectsContinue)
    {
        ContentLength = contentLength;
        if (hasBody || !Usage.TryBeginUnused())
        {
            StartUsed(hasBody, expectsContinue);
        }
    }

    /// <summary>Takes the payload of a DATA frame. Whatever comes of it, the connection's window gets its bytes back, now or when they are read.</summary>
    /// <param name="data">The data without padding.</param>
    /// <param name="flowBytes">The length of the whole payload, padding included (RFC 9113 §6.9.1).</param>
    /// <param name="endsStream">The frame has END_STREAM.</param>
    public DataVerdict Receive(ReadOnlySpan<byte> data, int flowBytes, bool endsStream)
    {
        using (Use())
        {
            if (Judge(data.Length, flowBytes, endsStream) is var verdict and not DataVerdict.Taken)
            {
                Host.Window.Release(flowBytes);
                return verdict;
            }

            ReceivedBytes += data.Length;
            AwaitsContinue &= data.IsEmpty;
            ContinueIsDue &= data.IsEmpty;
            if (IsDiscarding)
            {
                HasEnded |= endsStream;
                _discarded += flowBytes;
                Release(flowBytes);
                return DataVerdict.Taken;
            }

            Data.Append(data);
            HasEnded |= endsStream;
            Release(flowBytes - data.Length);
            if (endsStream || !data.IsEmpty)
            {
                Wake();
            }

            return DataVerdict.Taken;
        }
    }

    /// <summary>The body has ended with the trailers in <see cref="TrailersToFill"/>; false when it has not the length that was told.</summary>
    public bool EndWithTrailers()
    {
        using (Use())
        {
            if (ContentLength >= 0 && ReceivedBytes != ContentLength)
            {
                return false;
            }

            ExistingTrailers.SetCome();
            HasEnded = true;
            AwaitsContinue = ContinueIsDue = false;
            Wake();
            return true;
        }
    }

    /// <summary>Nothing more comes, and nothing more of what has come can be read. Every read throws, also the one that waits.</summary>
    public void Abort(Exception reason)
    {
        using (Use())
        {
            if (!Usage.IsOver)
            {
                Discard(isAbandoned: false);
                Fault ??= reason;
                Wake();
            }
        }
    }

    /// <summary>What the client is to be told now that it may send on the stream; 0: nothing.</summary>
    /// <param name="growth">Makes the window larger where that pays; null: it stays as it is.</param>
    /// <param name="timestamp">The time, by the server's <see cref="TimeProvider"/>; only with a growth.</param>
    public int TakeWindowUpdate(WindowGrowth? growth = null, long timestamp = 0)
    {
        if (!UpdateIsDue)
        {
            return 0;
        }

        using (Use())
        {
            UpdateIsDue = false;
            if (HasEnded || IsTooLongToDiscard)
            {
                return 0;
            }

            return Window.TakeUpdate(growth, timestamp);
        }
    }

    /// <summary>100 Continue has been sent.</summary>
    public void MarkContinueSent() => ContinueIsDue = false;

    /// <summary>Judges the time of a read that waits. One whose time is up throws <see cref="BadHttpRequestException"/>, as HTTP/1's does.</summary>
    /// <param name="now">The heartbeat's clock.</param>
    /// <param name="arriving">How many bytes have come of a DATA frame of this stream that is not whole yet.</param>
    /// <returns><see cref="RequestError.BodyTimeout"/> when its time was up.</returns>
    public RequestError CheckTime(long now, int arriving = 0)
    {
        using (Use())
        {
            if (!IsWaiting || IsTunnel || !Pace.IsOver(Host, now, ReceivedBytes + arriving))
            {
                return RequestError.None;
            }

            EndWaitBy(new BadHttpRequestException(RequestError.BodyTimeout));
            return RequestError.BodyTimeout;
        }
    }

    /// <summary>
    /// Ends the handler's use of the body, from whatever thread the handler has ended on: what is unread is discarded, and so is what still comes. The owner
    /// looks at the connection's window afterwards, as it does for each stream that ends.
    /// </summary>
    public void Detach()
    {
        if (!Usage.TryEndUnused())
        {
            _tunnel?.End();
            _tunnel = null;
            EndUse();
        }
    }

    /// <summary>The stream carries no request any more: whoever still calls is told so, and what trailers have needed is given back.</summary>
    public void Release()
    {
        Detach();
        _trailers?.Clear();
    }

    /// <summary>The stream goes on in another protocol: its reads have no time-out and no limit. See <see cref="Http2Tunnel"/>.</summary>
    public void BeginTunnel(Http2Tunnel tunnel)
    {
        using (Use())
        {
            if (!Usage.IsOver)
            {
                _tunnel = tunnel;
                IsTunnel = true;
            }
        }
    }

    protected override void OnEndRead() => _trailers?.Show();

    private void StartUsed(bool hasBody, bool expectsContinue)
    {
        using (Use())
        {
            Restart(hasBody);
            HasEnded = !hasBody;
            AwaitsContinue = hasBody && expectsContinue;
            _trailers?.Clear();
            _discarded = 0;
            if (hasBody)
            {
                Window = new ReceiveWindow(FlowControl.StreamWindow);
                Pace = default;
            }
        }
    }

    private DataVerdict Judge(int length, int flowBytes, bool endsStream)
    {
        if (!Window.TryTake(flowBytes))
        {
            return DataVerdict.WindowExceeded;
        }

        var received = ReceivedBytes + length;
        return ContentLength >= 0 && (received > ContentLength || (endsStream && received != ContentLength))
            ? DataVerdict.WrongLength
            : DataVerdict.Taken;
    }
}
