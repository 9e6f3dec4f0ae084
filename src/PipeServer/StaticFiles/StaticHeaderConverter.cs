using System.ComponentModel;
using System.Globalization;

namespace PipeServer.StaticFiles;

/// <summary>Converts the text form of a header field, so that configuration can bind it.</summary>
internal sealed class StaticHeaderConverter : TypeConverter
{
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) =>
        sourceType == typeof(string) || base.CanConvertFrom(context, sourceType);

    // A text without a name is refused with the options: the binder drops an element of a list whose conversion throws, without a word.
    public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) =>
        value is not string text ? base.ConvertFrom(context, culture, value)
        : text.Split(':', 2) is [var name, var content] ? new StaticHeader(name.Trim(), content.Trim())
        : new StaticHeader("", text);
}
